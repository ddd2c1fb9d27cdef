namespace Wharf.Tests.Hosting;

/// <summary>What a command left behind.</summary>
internal sealed record Finished(int Code, string Output, string Errors);
