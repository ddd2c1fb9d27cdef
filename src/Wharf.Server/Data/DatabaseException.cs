namespace Wharf.Server.Data;

/// <summary>The database could not do its work. Callers answer 503 with Retry-After, or 507 when it is <see cref="Full"/>; never 404.</summary>
internal sealed class DatabaseException(string message, Exception? inner, bool full = false) : Exception(message, inner)
{
    /// <summary>The disk or the quota of the database is exhausted.</summary>
    public bool Full { get; } = full;
}
