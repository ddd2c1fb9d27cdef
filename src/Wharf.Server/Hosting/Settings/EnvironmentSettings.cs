using System.Collections;

namespace Wharf.Server.Hosting.Settings;

/// <summary>Lays <c>WHARF__Section__Key</c> variables over the file; items of a list are <c>WHARF__Section__Key__0</c> and so on, and replace the file's list.</summary>
internal static class EnvironmentSettings
{
    private const string Prefix = "WHARF__";
    private const int MaxDepth = 16;

    public static void LayOver(SettingNode root, IDictionary variables, List<string> problems)
    {
        foreach (var name in variables.Keys.Cast<string>().Order(StringComparer.Ordinal))
        {
            var path = name.Split("__");
            if (!name.StartsWith(Prefix, StringComparison.Ordinal))
            {
                // WHARF_ADMIN_PASSWORD and Kubernetes' WHARF_SERVICE_HOST have no double underscore: what has one was meant for us.
                if (path.Length > 1 && name.StartsWith("WHARF_", StringComparison.OrdinalIgnoreCase))
                {
                    problems.Add($"environment variable {name}: settings begin with {Prefix}, as in WHARF__Server__PublicUrl");
                }

                continue;
            }

            if (path.Any(part => part.Length == 0) || path.Length > MaxDepth)
            {
                problems.Add($"environment variable {name}: not a setting; they look like WHARF__Server__PublicUrl");
                continue;
            }

            Put(root, path.AsSpan(1), name, variables[name] as string ?? "", problems);
        }
    }

    private static void Put(SettingNode root, ReadOnlySpan<string> path, string name, string value, List<string> problems)
    {
        var source = $"environment variable {name}";
        var at = root;
        foreach (var part in path[..^1])
        {
            if (!at.Keys!.TryGetValue(part, out var next) || next.Keys is null)
            {
                if (next is { FromEnvironment: true }) problems.Add($"{source}: contradicts {next.Source}");
                at.Keys[part] = next = SettingNode.Mapping(source, fromEnvironment: true);
            }

            at = next;
        }

        at.Keys![path[^1]] = new SettingNode(source) { Scalar = value, FromEnvironment = true };
    }
}
