using System.Runtime.InteropServices;
using System.Text.Json;

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

    /// <summary>What a descriptor in an index says; null when it says none.</summary>
    internal static Platform? Of(JsonElement descriptor)
    {
        return descriptor.TryGetProperty("platform", out var platform) && platform.ValueKind == JsonValueKind.Object ? new(Text("os") ?? "", Text("architecture") ?? "", Text("variant")) : null;

        string? Text(string name) => platform.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
    }

    /// <summary>Whether it is the other, or one of its variants where this names none.</summary>
    public bool Is(Platform? other) => other is not null && other.Os == Os && other.Architecture == Architecture && (Variant is null || other.Variant is null || other.Variant == Variant);

    public override string ToString() => Variant is null ? $"{Os}/{Architecture}" : $"{Os}/{Architecture}/{Variant}";
}
