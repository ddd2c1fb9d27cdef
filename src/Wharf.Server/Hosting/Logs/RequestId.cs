namespace Wharf.Server.Hosting.Logs;

/// <summary>The id of the request that the running code belongs to, or null.</summary>
internal static class RequestId
{
    private static readonly AsyncLocal<string?> s_current = new();

    public static string? Current
    {
        get => s_current.Value;
        set => s_current.Value = value;
    }
}
