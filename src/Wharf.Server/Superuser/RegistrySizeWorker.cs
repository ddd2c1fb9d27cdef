using Wharf.Server.Work;

namespace Wharf.Server.Superuser;

/// <summary>Counts the size of the registry when a superuser has asked for it.</summary>
internal sealed class RegistrySizeWorker : QueueWorker
{
    private readonly RegistrySizeStore _sizes;

    public RegistrySizeWorker(RegistrySizeStore sizes, ILogger<RegistrySizeWorker> logger) : base("registry-size", TimeSpan.FromMinutes(1), logger)
    {
        _sizes = sizes;
        sizes.Queued += Nudge;
    }

    protected override async Task<TimeSpan?> RunAsync(CancellationToken ct)
    {
        await _sizes.CountAsync(ct);
        return null;
    }
}
