namespace Wharf.Server.Work;

/// <summary>A lease that was just taken, for work that may take longer than it.</summary>
internal sealed class HeldLease(Leases leases, string name, TimeSpan length, TimeProvider clock)
{
    private long _renewed = clock.GetTimestamp();

    /// <summary>Renews it when it is time to; to be called often.</summary>
    /// <exception cref="InvalidOperationException">It is another's by now.</exception>
    public async Task KeepAsync(CancellationToken ct)
    {
        if (clock.GetElapsedTime(_renewed) < length / 3)
            return;
        if (await leases.TryTakeAsync(name, length, ct) is null)
            throw new InvalidOperationException($"The lease of {name} is another's by now.");
        _renewed = clock.GetTimestamp();
    }
}
