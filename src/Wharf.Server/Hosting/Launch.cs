namespace Wharf.Server.Hosting;

/// <summary>What the command line said; what it left out comes from the settings.</summary>
internal sealed record Launch
{
    public string? Config { get; init; }

    public string? Data { get; init; }

    public string[] Listen { get; init; } = [];

    public string? ManagementListen { get; init; }

    public Role[] Roles { get; init; } = [];

    /// <summary>Machine-readable output; for <c>serve</c> that is the log.</summary>
    public bool Json { get; init; }
}
