using Wharf.Server.Content;
using Wharf.Server.Work;

namespace Wharf.Server.Quota;

/// <summary>Folds what pushes counted, and compares each namespace with what it has once a day, or when somebody asks.</summary>
internal sealed partial class QuotaWorker : QueueWorker
{
    private static readonly TimeSpan s_busy = TimeSpan.FromMilliseconds(250);
    private readonly Usage _usage;
    private readonly Leases _leases;
    private readonly QuotaStore _quotas;
    private readonly QuotaOptions _options;
    private readonly ILogger<QuotaWorker> _logger;
    private bool _begun;

    public QuotaWorker(Usage usage, QuotaStore quotas, Leases leases, QuotaOptions options, ILogger<QuotaWorker> logger) : base("quota", TimeSpan.FromSeconds(1), logger)
    {
        (_usage, _quotas, _leases, _options, _logger) = (usage, quotas, leases, options, logger);
        quotas.Queued += Nudge;
    }

    protected override async Task<TimeSpan?> RunAsync(CancellationToken ct)
    {
        if (!_options.Enabled)
        {
            // What comes and goes from here on is not counted.
            if (!_begun)
                await _quotas.RecountAsync(null, ct);
            _begun = true;
            return TimeSpan.FromDays(1);
        }
        var folded = await _usage.FoldAsync(ct);
        if (await _leases.TryTakeAsync("quota", TimeSpan.FromMinutes(1), ct) is null)
            return null;
        await _quotas.RecountMovedAsync(ct);
        foreach (var scope in await _usage.ListDueAsync(ct))
        {
            var (missing, surplus) = await _usage.RecountAsync(scope, ct);
            if (missing + surplus > 0 && _begun)
                Log.Differed(_logger, scope.NamespaceId, scope.QuotaId, missing, surplus);
        }
        _begun = true;
        return folded > 0 ? s_busy : null;
    }

    private static partial class Log
    {
        [LoggerMessage(720, LogLevel.Information, "Counted namespace {Namespace} (quota {Quota}) anew: {Missing} things were not counted, {Surplus} perhaps no more")]
        public static partial void Differed(ILogger logger, long @namespace, long quota, int missing, int surplus);
    }
}
