namespace Wharf.Server.Audit.Sinks;

/// <summary>Where entries go to. One delivery at a time.</summary>
internal interface ISink : IDisposable
{
    /// <summary>Delivers all of the entries; when it ends they are with the receiver, as far as its protocol can tell.</summary>
    /// <exception cref="SinkException">They are not, or nobody knows; they are sent again.</exception>
    Task SendAsync(IReadOnlyList<SinkEntry> entries, CancellationToken ct);
}
