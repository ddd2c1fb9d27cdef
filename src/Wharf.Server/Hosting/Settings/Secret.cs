using System.Diagnostics.CodeAnalysis;

namespace Wharf.Server.Hosting.Settings;

/// <summary>
/// A setting that must be shown nowhere: whatever prints it, a log or the dump of the settings, prints a mask. Settings that hold a
/// password or token are of this type, so that nothing has to know their names.
/// </summary>
internal readonly struct Secret(string value) : IParsable<Secret>
{
    public const string Mask = "********";

    private readonly string _value = value;

    public string Reveal() => _value ?? "";

    public static Secret Parse(string s, IFormatProvider? provider) => new(s);

    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out Secret result)
    {
        result = new(s ?? "");
        return s is not null;
    }

    public override string ToString() => Mask;
}
