using System.Globalization;
using System.Net;
using System.Reflection;

namespace Wharf.Server.Hosting.Settings;

/// <summary>Turns the text of a setting into the type of its property.</summary>
internal static class ScalarValue
{
    /// <summary>Whether a type is written as one word rather than as a list or mapping.</summary>
    public static bool Is(Type type) =>
        type == typeof(string) || type.IsEnum || type == typeof(Uri) || type == typeof(bool) || type == typeof(TimeSpan) || type == typeof(IPNetwork) || Parsable(type) is not null;

    /// <summary>The value, or null and what was expected.</summary>
    public static object? Parse(string text, Type type, out string expected)
    {
        expected = Expected(type);
        if (type == typeof(string)) return text;
        if (type == typeof(int)) return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
        if (type == typeof(long)) return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
        if (type == typeof(bool)) return Boolean(text);
        if (type == typeof(TimeSpan)) return Duration.Parse(text);
        if (type == typeof(Uri)) return Uri.TryCreate(text, UriKind.Absolute, out var uri) ? uri : null;
        if (type == typeof(IPNetwork)) return Network(text);
        if (type.IsEnum)
        {
            // Enum.TryParse takes numbers as well; only names are meant.
            var name = Enum.GetNames(type).FirstOrDefault(n => n.Equals(text, StringComparison.OrdinalIgnoreCase));
            return name is null ? null : Enum.Parse(type, name);
        }

        object?[] arguments = [text, CultureInfo.InvariantCulture, null];
        return Parsable(type)?.Invoke(null, arguments) is true ? arguments[2] : null;
    }

    public static string Expected(Type type) => type switch
    {
        _ when type == typeof(int) || type == typeof(long) => "must be a whole number",
        _ when type == typeof(double) || type == typeof(decimal) => "must be a number",
        _ when type == typeof(string) => "must be text",
        _ when type == typeof(bool) => "must be true or false",
        _ when type == typeof(TimeSpan) => "must be a length of time such as 30s, 5m or 1h",
        _ when type == typeof(Uri) => "must be an address such as https://registry.example.com",
        _ when type == typeof(IPNetwork) => "must be a network such as 10.0.0.0/8 or an address such as 10.0.0.7",
        _ when type == typeof(ByteSize) => "must be a size such as 4096, 64KiB or 4MiB",
        _ when type.IsEnum => "must be one of " + string.Join(", ", Enum.GetNames(type).Select(n => n.ToLowerInvariant())),
        _ => $"must be a {type.Name}",
    };

    private static object? Boolean(string text) => text.ToUpperInvariant() switch
    {
        "TRUE" or "YES" or "ON" => true,
        "FALSE" or "NO" or "OFF" => false,
        _ => null,
    };

    private static IPNetwork? Network(string text)
    {
        if (IPAddress.TryParse(text, out var address)) return new IPNetwork(address, address.GetAddressBytes().Length * 8);
        return IPNetwork.TryParse(text, out var network) ? network : null;
    }

    private static MethodInfo? Parsable(Type type) =>
        type.GetMethod("TryParse", BindingFlags.Public | BindingFlags.Static, [typeof(string), typeof(IFormatProvider), type.MakeByRefType()]);
}
