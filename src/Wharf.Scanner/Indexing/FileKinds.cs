namespace Wharf.Scanner.Indexing;

/// <summary>Tells which files of an image are worth reading.</summary>
internal static class FileKinds
{
    /// <summary>By path alone; <see cref="FileKind.Executable"/> is told by <see cref="IsElf"/>.</summary>
    public static FileKind Of(ReadOnlySpan<char> path)
    {
        var name = path[(path.LastIndexOf('/') + 1)..];
        var above = path[..Math.Max(0, path.Length - name.Length - 1)];
        var kind = OfSystem(path, above, name);
        return kind != FileKind.None ? kind : OfLanguage(above, name);
    }

    public static bool IsElf(ReadOnlySpan<byte> head) => head.StartsWith("\u007fELF"u8);

    public static int MaxSize(FileKind kind, IndexLimits limits) => kind switch
    {
        FileKind.RpmSqlite or FileKind.RpmNdb or FileKind.RpmBerkeley or FileKind.Archive or FileKind.Executable => limits.File,
        FileKind.ContentManifest or FileKind.NpmPackage or FileKind.DotnetDeps or FileKind.ComposerInstalled => limits.Json,
        _ => limits.Text,
    };

    /// <summary>
    /// Whether a file that a distribution's package owns could be one in which packages of a language are found. Says yes rather too often: executables have
    /// no mark in their names.
    /// </summary>
    public static bool MayHoldPackages(ReadOnlySpan<char> path)
    {
        var name = path[(path.LastIndexOf('/') + 1)..];
        if (OfLanguage(path[..Math.Max(0, path.Length - name.Length - 1)], name) != FileKind.None) return true;
        if (path.StartsWith("usr/share/") || path.StartsWith("usr/include/") || path.StartsWith("etc/") || path.StartsWith("var/")) return false;
        return !name.Contains('.') || name.Contains(".so", StringComparison.Ordinal);
    }

    private static FileKind OfSystem(ReadOnlySpan<char> path, ReadOnlySpan<char> above, ReadOnlySpan<char> name) => path switch
    {
        "etc/os-release" or "usr/lib/os-release" => FileKind.OsRelease,
        "etc/lsb-release" => FileKind.LsbRelease,
        "etc/alpine-release" => FileKind.AlpineRelease,
        "etc/redhat-release" or "etc/centos-release" or "etc/system-release" => FileKind.RedHatRelease,
        "etc/debian_version" => FileKind.DebianVersion,
        "var/lib/dpkg/status" => FileKind.DpkgStatus,
        "lib/apk/db/installed" or "usr/lib/apk/db/installed" => FileKind.ApkInstalled,
        _ => above switch
        {
            "var/lib/dpkg/status.d" => name.EndsWith(".md5sums") ? FileKind.DpkgSums : FileKind.DpkgStatus,
            "var/lib/dpkg/info" => name.EndsWith(".list") ? FileKind.DpkgFileList : FileKind.None,
            "var/lib/rpm" or "usr/lib/sysimage/rpm" or "usr/share/rpm" => OfRpm(name),
            "root/buildinfo/content_manifests" or "usr/share/buildinfo" => name.EndsWith(".json") ? FileKind.ContentManifest : FileKind.None,
            "root/buildinfo" => name.StartsWith("Dockerfile-") ? FileKind.BuildDockerfile : name is "labels.json" ? FileKind.ContentManifest : FileKind.None,
            _ => FileKind.None,
        },
    };

    private static FileKind OfRpm(ReadOnlySpan<char> name) => name switch
    {
        "rpmdb.sqlite" => FileKind.RpmSqlite,
        "Packages.db" => FileKind.RpmNdb,
        "Packages" => FileKind.RpmBerkeley,
        _ => FileKind.None,
    };

    private static FileKind OfLanguage(ReadOnlySpan<char> above, ReadOnlySpan<char> name)
    {
        var directory = above[(above.LastIndexOf('/') + 1)..];
        return name switch
        {
            "METADATA" => directory.EndsWith(".dist-info") ? FileKind.PythonMetadata : FileKind.None,
            "PKG-INFO" => directory.EndsWith(".egg-info") || directory is "EGG-INFO" ? FileKind.PythonMetadata : FileKind.None,
            "package.json" => IsNpmPackage(above) ? FileKind.NpmPackage : FileKind.None,
            "installed.json" => directory is "composer" ? FileKind.ComposerInstalled : FileKind.None,
            _ => Extension(name) switch
            {
                ".egg-info" => FileKind.PythonMetadata,
                ".gemspec" => IsSpecification(above) ? FileKind.Gemspec : FileKind.None,
                ".json" => name.EndsWith(".deps.json") ? FileKind.DotnetDeps : IsSbom(above, name) ? FileKind.Sbom : FileKind.None,
                ".spdx" => above.StartsWith("opt/bitnami/") && name.StartsWith(".spdx-") ? FileKind.BitnamiSpdx : FileKind.None,
                ".jar" or ".war" or ".ear" or ".par" or ".sar" or ".jpi" or ".hpi" => FileKind.Archive,
                _ => FileKind.None,
            },
        };
    }

    // In node_modules only at the root of a package: below are test data and files that name a module system. Elsewhere it is an application.
    private static bool IsNpmPackage(ReadOnlySpan<char> above)
    {
        var modules = above.LastIndexOf("node_modules/");
        if (modules < 0) return true;
        var package = above[(modules + "node_modules/".Length)..];
        var slashes = package.Count('/');
        return package.StartsWith("@") ? slashes == 1 : slashes == 0;
    }

    // Where makers of images put those of what they added. Those that apk and package managers of languages keep elsewhere repeat their databases.
    private static bool IsSbom(ReadOnlySpan<char> above, ReadOnlySpan<char> name) =>
        (name.EndsWith(".cdx.json") || name.EndsWith(".spdx.json")) && (above.StartsWith("usr/share/sbom") || above.StartsWith("usr/local/share/sbom") || above.StartsWith("opt"));

    private static bool IsSpecification(ReadOnlySpan<char> above) => above.EndsWith("/specifications") || above.EndsWith("/specifications/default");

    private static ReadOnlySpan<char> Extension(ReadOnlySpan<char> name) => name.LastIndexOf('.') is >= 0 and var dot ? name[dot..] : default;
}
