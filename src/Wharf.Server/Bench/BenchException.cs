namespace Wharf.Server.Bench;

/// <summary>A run that cannot go on, in words for the person who started it.</summary>
internal sealed class BenchException(string message) : Exception(message);
