using Wharf.Server.Holds;
using Wharf.Server.Work;

namespace Wharf.Server.Audit;

/// <summary>
/// Moves old days into files of the blob storage, one a batch. A sealed head is always there first: what is rotated can be proved by the
/// seals of its time. A legal hold keeps its days, and those after them, in the database. A crash between file and row leaves a file that nothing reads, and the day is rotated anew: bytes are never given up before their row is.
/// </summary>
internal sealed partial class AuditRotator(AuditStore store, AuditFile file, AuditSeals seals, AuditOptions options, HoldStore holds, Leases leases, TimeProvider clock, ILogger<AuditRotator> logger)
    : LeasedWorker("audit-rotator", TimeSpan.FromHours(1), leases, clock, logger)
{
    private readonly TimeProvider _clock = clock;

    protected override async Task<bool> RunAsync(CancellationToken ct) =>
        options.RotateDays > 0 && await RotateAsync((int)(_clock.GetUtcNow().ToUnixTimeMilliseconds() / AuditBatch.DayMs) - options.RotateDays, ct);

    /// <summary>Rotates the oldest day before one; whether there was any.</summary>
    public async Task<bool> RotateAsync(int before, CancellationToken ct)
    {
        // Writers' chains go on from file to file, so days after one on hold wait with it.
        if (await store.DaysBeforeAsync(before, ct) is not [var day, ..] || await holds.FindOnAuditAsync((long)day * AuditBatch.DayMs, (day + 1L) * AuditBatch.DayMs, ct) is not null)
            return false;
        await seals.SealAsync(TimeSpan.Zero, ct);
        var (segment, spans) = await file.WriteAsync(day, ct);
        try
        {
            await store.RotateAsync(segment, spans, ct);
        }
        catch
        {
            await file.RemoveAsync(segment.StorageKey, CancellationToken.None);
            throw;
        }
        Log.Rotated(logger, DateTimeOffset.UnixEpoch.AddDays(day).Date, segment.Entries, segment.Size);
        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(335, LogLevel.Information, "The audit entries of {Day:yyyy-MM-dd} are in the blob storage now: {Entries} in {Bytes} bytes")]
        public static partial void Rotated(ILogger logger, DateTime day, long entries, long bytes);
    }
}
