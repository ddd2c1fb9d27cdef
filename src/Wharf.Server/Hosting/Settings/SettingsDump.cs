using System.Collections;
using System.Data.Common;
using System.Globalization;
using System.Net;
using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Wharf.Server.Hosting.Settings;

/// <summary>
/// The settings as they are in force, without secrets, in the members that Quay's dump has: <c>config</c> with the values,
/// <c>schema</c> with the default and the source of each, <c>env</c> with the variables that were given. What is shown is what is known
/// to be harmless: a <see cref="Secret"/>, a type that is not known here, and whatever has a name like one is masked.
/// </summary>
internal sealed partial class SettingsDump(ServerSettings settings)
{
    private const int MaxDepth = 8;

    // What stands in a connection string of PostgreSQL and is no secret.
    private static readonly HashSet<string> s_harmless = new(StringComparer.OrdinalIgnoreCase)
    {
        "Host", "Server", "Port", "Database", "Username", "User ID", "User Name", "UserId", "SSL Mode", "SslMode", "Root Certificate", "Timeout", "Command Timeout", "Pooling",
        "Minimum Pool Size", "Maximum Pool Size", "Application Name", "Search Path", "Keepalive", "Target Session Attributes", "Load Balance Hosts",
    };

    public JsonObject ToJson()
    {
        var (config, schema, env) = (new JsonObject(), new JsonObject(), new JsonObject());
        foreach (var (name, (section, defaults, node)) in settings.Sections.OrderBy(static s => s.Key, StringComparer.Ordinal))
            config[name] = Object(section, defaults, node, name, schema, env, 0);
        foreach (var (name, node) in settings.Scalars.OrderBy(static s => s.Key, StringComparer.Ordinal))
        {
            var value = node?.Scalar is { } text ? JsonValue.Create(ConnectionString(text)) : null;
            config[name] = value;
            Describe(schema, env, name, typeof(string), value, null, node);
        }
        return new JsonObject { ["config"] = config, ["warning"] = new JsonObject(), ["env"] = env, ["schema"] = schema };
    }

    private JsonObject Object(object section, object? defaults, SettingNode? node, string path, JsonObject schema, JsonObject env, int depth)
    {
        var values = new JsonObject();
        foreach (var property in section.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(static p => p.CanWrite).OrderBy(static p => p.Name, StringComparer.Ordinal))
        {
            var (value, byDefault, given, at) = (property.GetValue(section), defaults is null ? null : property.GetValue(defaults), node?.Keys?.GetValueOrDefault(property.Name), $"{path}.{property.Name}");
            var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            if (IsSection(type) && depth < MaxDepth)
            {
                values[property.Name] = value is null ? null : Object(value, byDefault, given, at, schema, env, depth + 1);
                continue;
            }
            var shown = Show(value, property.Name, depth);
            values[property.Name] = shown;
            Describe(schema, env, at, type, shown, Show(byDefault, property.Name, depth), given);
        }
        return values;
    }

    private void Describe(JsonObject schema, JsonObject env, string path, Type type, JsonNode? value, JsonNode? byDefault, SettingNode? node)
    {
        schema[path] = new JsonObject
        {
            ["type"] = TypeName(type),
            ["default"] = byDefault,
            ["source"] = settings.FromCommandLine.Contains(path) ? "command line" : node?.Source ?? "default",
        };
        if (node is { FromEnvironment: true })
            env["WHARF__" + path.Replace(".", "__", StringComparison.Ordinal)] = value?.DeepClone();
    }

    private static JsonNode? Show(object? value, string name, int depth) => value switch
    {
        null => null,
        Secret secret => JsonValue.Create(secret.ToString()),
        _ when value is string or Uri or IList or IDictionary && SecretName().IsMatch(name) => JsonValue.Create(Secret.Mask),
        string text => JsonValue.Create(WithoutUserInfo(text)),
        Uri uri => JsonValue.Create(WithoutUserInfo(uri.OriginalString)),
        bool yes => JsonValue.Create(yes),
        int number => JsonValue.Create(number),
        long number => JsonValue.Create(number),
        double number => JsonValue.Create(number),
        Enum or TimeSpan or IPNetwork or IPAddress => JsonValue.Create(Convert.ToString(value, CultureInfo.InvariantCulture)),
        ByteSize size => JsonValue.Create(size.Bytes),
        IDictionary entries => Entries(entries, name, depth),
        IList items => new JsonArray([.. items.Cast<object?>().Select(i => Show(i, name, depth))]),
        _ when IsSection(value.GetType()) && depth < MaxDepth => Item(value, depth),
        _ => JsonValue.Create(Secret.Mask),
    };

    private static JsonObject Entries(IDictionary entries, string name, int depth)
    {
        var shown = new JsonObject();
        foreach (DictionaryEntry entry in entries)
        {
            var key = Convert.ToString(entry.Key, CultureInfo.InvariantCulture)!;
            shown[key] = SecretName().IsMatch(key) && entry.Value is string ? JsonValue.Create(Secret.Mask) : Show(entry.Value, name, depth + 1);
        }
        return shown;
    }

    // An item of a list: it has no default and no source of its own.
    private static JsonObject Item(object item, int depth)
    {
        var shown = new JsonObject();
        foreach (var property in item.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(static p => p.CanWrite).OrderBy(static p => p.Name, StringComparer.Ordinal))
            shown[property.Name] = Show(property.GetValue(item), property.Name, depth + 1);
        return shown;
    }

    // A class of settings inside another one, as the binder fills it.
    private static bool IsSection(Type type) => type.IsClass && !ScalarValue.Is(type) && !typeof(IEnumerable).IsAssignableFrom(type);

    private static string TypeName(Type type) => type switch
    {
        _ when type == typeof(bool) => "boolean",
        _ when type == typeof(int) || type == typeof(long) => "integer",
        _ when type == typeof(double) => "number",
        _ when typeof(IDictionary).IsAssignableFrom(type) => "object",
        _ when type != typeof(string) && typeof(IEnumerable).IsAssignableFrom(type) => "array",
        _ => "string",
    };

    private static string ConnectionString(string text)
    {
        try
        {
            var builder = new DbConnectionStringBuilder { ConnectionString = text };
            foreach (var key in builder.Keys.Cast<string>().ToList())
                if (!s_harmless.Contains(key))
                    builder[key] = Secret.Mask;
            return builder.ConnectionString;
        }
        catch (ArgumentException)
        {
            return Secret.Mask;
        }
    }

    private static string WithoutUserInfo(string text) => UserInfo().Replace(text, "://" + Secret.Mask + "@");

    [GeneratedRegex("://[^/?#]*@", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex UserInfo();

    [GeneratedRegex("(password|passphrase|secret|token|credential|apikey|accesskey|privatekey)s?$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex SecretName();
}
