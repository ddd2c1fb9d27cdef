using System.Text;
using System.Text.RegularExpressions;
using Wharf.Scanner.Indexing;

namespace Wharf.Scanner.Sboms;

/// <summary>Package URLs (https://github.com/package-url/purl-spec) of packages, as Wharf writes them and as syft, trivy and others do.</summary>
public static partial class Purl
{
    private const int Longest = 4096;

    private static readonly string[] s_typeNames = [.. Enum.GetValues<PackageType>().Select(static type => type switch
    {
        PackageType.Go => "golang",
        PackageType.Other => "generic",
        _ => type.ToString().ToLowerInvariant(),
    })];

    /// <summary>The canonical form, with the qualifiers arch, distro, epoch, rpmmod and upstream where they say something. A package of type
    /// <see cref="PackageType.Other"/> is written as <c>generic</c>.</summary>
    public static string Write(Package package, Distro? distro = null)
    {
        var purl = new StringBuilder("pkg:").Append(TypeName(package.Type)).Append('/');
        var ofDistro = IsOfDistro(package.Type);
        if (ofDistro && distro is not null)
            Encode(purl, PurlDistro.Namespace(distro)).Append('/');
        var name = package.Type switch
        {
            PackageType.Maven => package.Name.Replace(':', '/'),
            PackageType.PyPI => package.Name.ToLowerInvariant().Replace('_', '-'),
            PackageType.Composer => package.Name.ToLowerInvariant(),
            _ => package.Name,
        };
        purl.AppendJoin('/', name.Split('/').Select(static part => Encode(new StringBuilder(), part).ToString()));

        var epoch = package.Type == PackageType.Rpm ? Epoch(package.Version) : "";
        var version = epoch.Length == 0 ? package.Version : package.Version[(epoch.Length + 1)..];
        if (version.Length > 0)
            Encode(purl.Append('@'), version);

        var separator = '?';
        Qualify("arch", package.Arch);
        Qualify("distro", ofDistro && distro is not null ? PurlDistro.Write(distro) : null);
        Qualify("epoch", epoch);
        Qualify("rpmmod", package.Module);
        Qualify("upstream", Upstream(package, version));
        return purl.ToString();

        void Qualify(string key, string? value)
        {
            if (string.IsNullOrEmpty(value))
                return;
            Encode(purl.Append(separator).Append(key).Append('='), value);
            separator = '&';
        }
    }

    /// <summary>The component's own, as an SBOM has it, or the canonical one.</summary>
    /// <param name="distro">The inventory's.</param>
    public static string Of(Component component, Distro? distro) => component.Purl ?? Write(component.Package, component.Distro ?? distro);

    /// <summary>False for what is no package URL or one of more than 4,096 characters. A version that is missing is empty.</summary>
    /// <param name="distro">From the qualifier of that name; null when there is none, or for packages of no distribution.</param>
    public static bool TryParse(string text, out Package? package, out Distro? distro)
    {
        package = null;
        distro = null;
        var rest = text.AsSpan().Trim();
        if (rest.Length > Longest || !rest.StartsWith("pkg:", StringComparison.OrdinalIgnoreCase))
            return false;
        rest = rest[4..].TrimStart('/');
        CutRight(ref rest, '#');
        var qualifiers = Qualifiers(CutRight(ref rest, '?'));
        var slash = rest.IndexOf('/');
        if (slash <= 0)
            return false;
        var type = TypeOf(rest[..slash]);
        rest = rest[(slash + 1)..].Trim('/');

        // An at sign before the last slash is of an npm scope that is not encoded
        var at = rest.LastIndexOf('@');
        var version = at > rest.LastIndexOf('/') && at > 0 ? Decode(rest[(at + 1)..]) : "";
        if (version.Length > 0 || rest.EndsWith('@'))
            rest = rest[..at];
        var parts = rest.ToString().Split('/', StringSplitOptions.RemoveEmptyEntries).Select(static part => Decode(part)).ToArray();
        if (parts.Length == 0)
            return false;

        var source = new PurlSource(qualifiers.GetValueOrDefault("upstream"));
        if (IsOfDistro(type))
            distro = PurlDistro.Parse(qualifiers, parts.Length > 1 ? parts[0] : "");
        package = source.ApplyTo(new Package
        {
            Type = type,
            Name = Name(type, parts),
            Version = Version(type, version, qualifiers),
            Arch = qualifiers.GetValueOrDefault("arch"),
            Module = Module(qualifiers.GetValueOrDefault("rpmmod") ?? qualifiers.GetValueOrDefault("modularitylabel")),
        });
        return true;
    }

    internal static bool IsOfDistro(PackageType type) => type is PackageType.Deb or PackageType.Rpm or PackageType.Apk;

    /// <summary>The first two parts of a modularity label, <c>name:stream:version:context</c>; null for what has fewer.</summary>
    internal static string? Module(string? label) => label?.Split(':') is [var name, var stream, ..] ? $"{name}:{stream}" : null;

    internal static string TypeName(PackageType type) => s_typeNames[(int)type];

    private static PackageType TypeOf(ReadOnlySpan<char> name)
    {
        for (var type = PackageType.Deb; type < PackageType.Other; type++)
        {
            if (name.Equals(TypeName(type), StringComparison.OrdinalIgnoreCase))
                return type;
        }
        // As syft wrote it before there was apk
        return name.Equals("alpine", StringComparison.OrdinalIgnoreCase) ? PackageType.Apk : PackageType.Other;
    }

    private static string Name(PackageType type, string[] parts) => type switch
    {
        PackageType.Deb or PackageType.Rpm or PackageType.Apk => parts[^1],
        PackageType.Maven when parts.Length > 1 => $"{string.Join('/', parts[..^1])}:{parts[^1]}",
        PackageType.Go when parts is ["std"] => "stdlib",
        _ => string.Join('/', parts),
    };

    private static string Version(PackageType type, string version, Dictionary<string, string> qualifiers)
    {
        if (type == PackageType.Go)
            return version.StartsWith("go", StringComparison.Ordinal) ? version[2..] : version.StartsWith('v') ? version[1..] : version;
        // As Gemfile.lock writes what is built for a platform: 1.13.3-x86_64-linux, which would be before 1.13.3
        if (type == PackageType.Gem && GemPlatform().Match(version) is { Success: true } platform)
            return version[..platform.Index];
        return type is PackageType.Deb or PackageType.Rpm && Epoch(version).Length == 0 && qualifiers.GetValueOrDefault("epoch") is { } epoch
            && epoch != "0" && Epoch(epoch + ":").Length > 0 ? $"{epoch}:{version}" : version;
    }

    private static string Epoch(string version)
    {
        var colon = version.IndexOf(':');
        return colon > 0 && !version.AsSpan(0, colon).ContainsAnyExceptInRange('0', '9') ? version[..colon] : "";
    }

    private static string? Upstream(Package package, string version)
    {
        if (package.Source is null && package.SourceVersion is null)
            return null;
        var name = package.Source ?? package.Name;
        return package.Type == PackageType.Rpm ? $"{name}-{package.SourceVersion ?? version}.src.rpm"
            : package.SourceVersion is null ? name
            : $"{name}@{package.SourceVersion}";
    }

    private static Dictionary<string, string> Qualifiers(ReadOnlySpan<char> text)
    {
        var qualifiers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var range in text.Split('&'))
        {
            var pair = text[range];
            var equals = pair.IndexOf('=');
            if (equals > 0 && equals < pair.Length - 1)
                qualifiers.TryAdd(pair[..equals].ToString(), Decode(pair[(equals + 1)..]));
        }
        return qualifiers;
    }

    private static ReadOnlySpan<char> CutRight(scoped ref ReadOnlySpan<char> text, char separator)
    {
        var at = text.LastIndexOf(separator);
        if (at < 0)
            return [];
        var right = text[(at + 1)..];
        text = text[..at];
        return right;
    }

    [GeneratedRegex("-(java|jruby|ruby|x86|x64|i[3-6]86|aarch64|arm|universal|mingw|mswin|powerpc).*$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex GemPlatform();

    private static string Decode(ReadOnlySpan<char> text) => Uri.UnescapeDataString(text);

    // All but letters, digits and -._~: stands as %XX of UTF-8
    private static StringBuilder Encode(StringBuilder to, string text) => to.Append(Uri.EscapeDataString(text).Replace("%3A", ":", StringComparison.Ordinal));
}
