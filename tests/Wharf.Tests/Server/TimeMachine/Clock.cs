using System.Globalization;
using Wharf.Tests.Server.Repositories;

namespace Wharf.Tests.Server.TimeMachine;

/// <summary>Times between two changes, and time that has gone by.</summary>
internal static class Clock
{
    /// <summary>A time after all that has happened so far and before all that happens next, on either engine: one machine has one clock.</summary>
    public static async Task<DateTimeOffset> TickAsync()
    {
        // PostgreSQL's milliseconds are rounded.
        var at = DateTimeOffset.FromUnixTimeMilliseconds(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() + 2);
        await Poll.UntilAsync(() => Task.FromResult(TimeProvider.System.GetUtcNow() > at.AddMilliseconds(2)));
        return at;
    }

    public static string Text(this DateTimeOffset at) => at.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>The form of a tag for clients that send no headers.</summary>
    public static string Of(this DateTimeOffset at, string tag) => $"{tag}.at.{at.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture)}";

    /// <summary>Moves a repository's history into the past, as if that much time had gone by since.</summary>
    public static Task<long> AgeAsync(Registry registry, string repository, TimeSpan by)
    {
        var (ms, slash) = (((long)by.TotalMilliseconds).ToString(CultureInfo.InvariantCulture), repository.IndexOf('/', StringComparison.Ordinal));
        return Company.OneAsync(registry, $"""
            UPDATE tag SET started_ms = started_ms - {ms}, ended_ms = ended_ms - {ms}, expires_ms = expires_ms - {ms}
             WHERE repository_id IN (SELECT r.id FROM repository r JOIN namespace n ON n.id = r.namespace_id WHERE n.name = '{repository[..slash]}' AND r.name = '{repository[(slash + 1)..]}')
            RETURNING 1
            """);
    }
}
