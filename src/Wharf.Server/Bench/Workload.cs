namespace Wharf.Server.Bench;

/// <summary>One kind of load.</summary>
/// <param name="Name">As on the command line.</param>
/// <param name="Bytes">Bytes of content that one operation moves, or 0 where only the count matters.</param>
/// <param name="MostOperations">The bound of a run besides its time; what is stored stays in the registry.</param>
/// <param name="RunAsync">One operation, by its number.</param>
/// <param name="OneClient">Whether one client does it alone.</param>
internal sealed record Workload(string Name, long Bytes, int MostOperations, Func<int, CancellationToken, Task> RunAsync, bool OneClient = false);
