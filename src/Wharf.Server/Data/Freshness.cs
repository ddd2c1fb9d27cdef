namespace Wharf.Server.Data;

/// <summary>
/// Whether what this process remembers of the database may still be used (contract 9). With SQLite nobody else writes, so it always
/// may. With PostgreSQL, only while this replica hears of the others' changes: 5 seconds after the last time it did, and up to a
/// minute while the database does not answer at all, so that pulls go on through a failover.
/// </summary>
internal sealed class Freshness(TimeProvider? clock)
{
    private static readonly TimeSpan s_heard = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_outage = TimeSpan.FromSeconds(60);
    private long _heardAt = clock?.GetTimestamp() ?? 0;
    private volatile bool _down;

    public static Freshness Always { get; } = new(null);

    public bool IsGood
    {
        get
        {
            if (clock is null)
                return true;
            var age = clock.GetElapsedTime(Interlocked.Read(ref _heardAt));
            return age < s_heard || (_down && age < s_outage);
        }
    }

    public void Heard()
    {
        Interlocked.Exchange(ref _heardAt, clock!.GetTimestamp());
        _down = false;
    }

    public void NoAnswer() => _down = true;
}
