namespace Wharf.Server.Hosting.Health;

/// <summary>Runs the readiness checks, at most once a second however often it is asked.</summary>
internal sealed partial class Readiness(IEnumerable<ReadinessCheck> checks, TimeProvider time, ILogger<Readiness> logger) : IDisposable
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_keep = TimeSpan.FromSeconds(1);
    private readonly ReadinessCheck[] _checks = [.. checks];
    private readonly SemaphoreSlim _one = new(1);
    private IReadOnlyDictionary<string, bool>? _last;
    private long _lastAt;

    /// <summary>Each check by name, and whether it passed.</summary>
    public async Task<IReadOnlyDictionary<string, bool>> CheckAsync(CancellationToken ct)
    {
        await _one.WaitAsync(ct);
        try
        {
            if (_last is not null && time.GetElapsedTime(_lastAt) < s_keep) return _last;
            var results = await Task.WhenAll(_checks.Select(RunAsync));
            _last = _checks.Zip(results).ToDictionary(r => r.First.Name, r => r.Second, StringComparer.Ordinal);
            _lastAt = time.GetTimestamp();
            return _last;
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private async Task<bool> RunAsync(ReadinessCheck check)
    {
        string? reason;
        try
        {
            using var timeout = new CancellationTokenSource(s_timeout, time);
            reason = await check.Run(timeout.Token).AsTask().WaitAsync(s_timeout, time, CancellationToken.None);
        }
        catch (Exception fault)
        {
            reason = fault.Message; // a check that throws has failed
        }

        if (reason is not null) Log.Failed(logger, check.Name, reason);
        return reason is null;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Not ready: {Check}: {Reason}")]
        public static partial void Failed(ILogger logger, string check, string reason);
    }
}
