namespace Wharf.Server.Bench;

/// <summary>What <c>wharf bench</c> was asked to do.</summary>
/// <param name="Registry">The registry's address.</param>
/// <param name="User">Who signs in, or null for none.</param>
/// <param name="Namespace">Where the repositories of the run are made.</param>
/// <param name="Clients">Connections at a time.</param>
/// <param name="Seconds">The bound of each workload.</param>
/// <param name="Pid">The server's process on this machine, or null; its CPU time and memory are told then.</param>
/// <param name="Workloads">Names, or none for all.</param>
internal sealed record BenchOptions(Uri Registry, string? User, string? Password, string Namespace, int Clients, int Seconds, int? Pid, IReadOnlyList<string> Workloads);
