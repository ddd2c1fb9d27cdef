namespace Wharf.Server.Auth;

/// <summary>The section <c>Keys</c>: where the key ring is kept. The environment variable WHARF_KEYS wins over it.</summary>
internal sealed class KeysOptions
{
    /// <summary>The key file; without it, <c>keys.json</c> in the data directory. Replicas share one.</summary>
    public string? File { get; set; }
}
