namespace Wharf.Server.Hosting.Health;

/// <summary>Something that must work for this process to take requests; a slice registers it as a singleton.</summary>
/// <param name="Name">As /health/ready and Quay's /health/instance show it, such as <c>database</c>.</param>
/// <param name="Run">Null when it works, else why not (for the log only). Cancelled after 2 seconds.</param>
internal sealed record ReadinessCheck(string Name, Func<CancellationToken, ValueTask<string?>> Run);
