using System.Runtime.InteropServices;

namespace Wharf.Scanner.Targets;

/// <summary>An image's platform: <c>linux/arm64/v8</c>.</summary>
public sealed record Platform(string Os, string Architecture, string? Variant = null)
{
    /// <summary>Linux on what this runs on.</summary>
    public static Platform Here { get; } = new("linux", RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "arm64" : "amd64");

    /// <summary><c>os/architecture</c> and perhaps a variant; null for anything else.</summary>
    public static Platform? Parse(string text) => text.Split('/') switch
    {
        [{ Length: > 0 } os, { Length: > 0 } architecture] => new(os, architecture),
        [{ Length: > 0 } os, { Length: > 0 } architecture, { Length: > 0 } variant] => new(os, architecture, variant),
        _ => null,
    };

    public bool Is(string? os, string? architecture, string? variant) => os == Os && architecture == Architecture && (Variant is null || variant is null || variant == Variant);

    public override string ToString() => Variant is null ? $"{Os}/{Architecture}" : $"{Os}/{Architecture}/{Variant}";
}
