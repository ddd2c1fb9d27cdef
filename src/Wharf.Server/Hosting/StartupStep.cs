namespace Wharf.Server.Hosting;

/// <summary>
/// Work that must be done before the first request, and before a command that runs without a server: opening the database, migrations.
/// Steps run one after the other in the order of registration, holding the lock on the data directory.
/// Workers are hosted services instead: those start with the server only.
/// </summary>
internal sealed record StartupStep(string Name, Func<IServiceProvider, CancellationToken, Task> Run);
