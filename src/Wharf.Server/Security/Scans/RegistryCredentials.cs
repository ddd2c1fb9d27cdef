using System.Net.Http.Headers;
using System.Text.Json;

namespace Wharf.Server.Security.Scans;

/// <summary>The credentials files of podman, skopeo and docker (containers-auth.json(5)).</summary>
internal static class RegistryCredentials
{
    private const int MaxSize = 1 << 20;

    /// <summary>The credential for a repository, of the longest name in the first file that has one; null when none does.</summary>
    public static AuthenticationHeaderValue? Find(string host, string repository)
    {
        foreach (var file in Files())
        {
            if (Read(file, host, repository) is { } auth)
                return new AuthenticationHeaderValue("Basic", auth);
        }
        return null;
    }

    private static IEnumerable<string> Files()
    {
        if (Environment.GetEnvironmentVariable("REGISTRY_AUTH_FILE") is { Length: > 0 } named)
            yield return named;
        if (Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } runtime)
            yield return Path.Join(runtime, "containers", "auth.json");
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        yield return Path.Join(home, ".config", "containers", "auth.json");
        yield return Path.Join(Environment.GetEnvironmentVariable("DOCKER_CONFIG") is { Length: > 0 } docker ? docker : Path.Join(home, ".docker"), "config.json");
    }

    private static string? Read(string file, string host, string repository)
    {
        try
        {
            if (!File.Exists(file) || new FileInfo(file).Length > MaxSize)
                return null;
            using var json = JsonDocument.Parse(File.ReadAllBytes(file));
            if (!json.RootElement.TryGetProperty("auths", out var auths) || auths.ValueKind != JsonValueKind.Object)
                return null;
            for (var name = $"{host}/{repository}"; ; name = name[..name.LastIndexOf('/')])
            {
                if (auths.TryGetProperty(name, out var entry) && entry.TryGetProperty("auth", out var auth) && auth.GetString() is { Length: > 0 } value)
                    return value;
                if (name.IndexOf('/') < 0)
                    return null;
            }
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return null;
        }
    }
}
