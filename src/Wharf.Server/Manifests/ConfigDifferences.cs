using System.Text.Json;

namespace Wharf.Server.Manifests;

/// <summary>Where two configs say different things. Objects are looked into; variables of the environment are told apart by their names.</summary>
internal static class ConfigDifferences
{
    private const int MaxValues = 5000;
    private const int MaxLength = 1024; // of what is shown, and of a name that is compared at all

    // The layers are compared by themselves.
    private static readonly string[] s_ofLayers = ["history", "rootfs"];

    /// <param name="first">Null is as if it said nothing.</param>
    /// <param name="count">At most so many, by name.</param>
    public static List<ConfigDifference> Between(JsonElement? first, JsonElement? second, int count)
    {
        var (before, after) = (Values(first), Values(second));
        return [.. before.Keys.Union(after.Keys, StringComparer.Ordinal).Where(name => before.GetValueOrDefault(name) != after.GetValueOrDefault(name)).Order(StringComparer.Ordinal).Take(count)
            .Select(name => new ConfigDifference(name, Cut(before.GetValueOrDefault(name)), Cut(after.GetValueOrDefault(name))))];
    }

    private static string? Cut(string? text) => text is { Length: > MaxLength } ? text[..MaxLength] : text;

    private static Dictionary<string, string> Values(JsonElement? config)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        if (config is { } root)
            foreach (var member in root.EnumerateObject().Where(static m => !s_ofLayers.Contains(m.Name)))
                Add(values, member.Name, member.Value);
        return values;
    }

    private static void Add(Dictionary<string, string> values, string name, JsonElement value)
    {
        if (values.Count >= MaxValues || name.Length > MaxLength)
            return;
        if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in value.EnumerateObject())
                Add(values, $"{name}.{member.Name}", member.Value);
        }
        else if (name == "config.Env" && value.ValueKind == JsonValueKind.Array)
        {
            foreach (var (variable, text) in value.EnumerateArray().Where(static v => v.ValueKind == JsonValueKind.String).Select(static v => Split(v.GetString()!)).Where(static v => v.Name.Length <= MaxLength).Take(MaxValues - values.Count))
                values[$"{name}.{variable}"] = text;
        }
        else if (value.ValueKind != JsonValueKind.Null)
        {
            values[name] = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        }
    }

    private static (string Name, string Text) Split(string variable) => variable.IndexOf('=', StringComparison.Ordinal) is > 0 and var at ? (variable[..at], variable[(at + 1)..]) : (variable, "");
}
