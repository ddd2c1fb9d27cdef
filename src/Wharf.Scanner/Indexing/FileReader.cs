using Wharf.Scanner.Indexing.Distros;
using Wharf.Scanner.Indexing.Elf;
using Wharf.Scanner.Indexing.Java;
using Wharf.Scanner.Indexing.Languages;
using Wharf.Scanner.Indexing.Rpm;

namespace Wharf.Scanner.Indexing;

/// <summary>Reads a file with the parser of its kind. A file that cannot be read is a problem of its own and never one of the layer.</summary>
internal static class FileReader
{
    /// <returns>What it says, or null when that is nothing.</returns>
    /// <exception cref="LayerException">A limit of the layer is met.</exception>
    public static IndexedFile? Read(FileKind kind, ReadOnlyMemory<byte> content, FileReport report)
    {
        try
        {
            Parse(kind, content, report);
        }
        catch (InvalidDataException e)
        {
            report.Problem(e.Message);
        }
        var file = report.ToFile();
        return file.Packages.Count > 0 || file.Repositories.Count > 0 || file.Owned.Count > 0 || file.Distro is not null || file.Problem is not null ? file : null;
    }

    /// <exception cref="InvalidDataException">It is not what its kind says.</exception>
    /// <exception cref="LayerException">A limit of the layer is met.</exception>
    internal static void Parse(FileKind kind, ReadOnlyMemory<byte> content, FileReport report)
    {
        switch (kind)
        {
            case FileKind.OsRelease: OsRelease.Read(content.Span, report); break;
            case FileKind.LsbRelease: LegacyRelease.ReadLsb(content.Span, report); break;
            case FileKind.AlpineRelease: LegacyRelease.ReadAlpine(content.Span, report); break;
            case FileKind.RedHatRelease: LegacyRelease.ReadRedHat(content.Span, report); break;
            case FileKind.DebianVersion: LegacyRelease.ReadDebian(content.Span, report); break;
            case FileKind.DpkgStatus: Dpkg.ReadStatus(content.Span, report); break;
            case FileKind.DpkgFileList: Dpkg.ReadFileList(content.Span, report); break;
            case FileKind.DpkgSums: Dpkg.ReadSums(content.Span, report); break;
            case FileKind.ApkInstalled: Apk.Read(content.Span, report); break;
            case FileKind.RpmSqlite: RpmDatabase.ReadSqlite(content, report); break;
            case FileKind.RpmNdb: RpmDatabase.ReadNdb(content, report); break;
            case FileKind.RpmBerkeley: RpmDatabase.ReadBerkeley(content, report); break;
            case FileKind.ContentManifest: RedHatBuild.ReadManifest(content, report); break;
            case FileKind.BuildDockerfile: RedHatBuild.ReadDockerfile(content.Span, report); break;
            case FileKind.PythonMetadata: Python.Read(content.Span, report); break;
            case FileKind.NpmPackage: Npm.Read(content, report); break;
            case FileKind.Gemspec: Gem.Read(content.Span, report); break;
            case FileKind.DotnetDeps: DotnetDeps.Read(content, report); break;
            case FileKind.ComposerInstalled: Composer.Read(content, report); break;
            case FileKind.BitnamiSpdx: ImageSbom.ReadBitnami(content, report); break;
            case FileKind.Sbom: ImageSbom.Read(content, report); break;
            case FileKind.Archive: JavaArchive.Read(content, report); break;
            case FileKind.Executable: Executable.Read(content, report); break;
        }
    }
}
