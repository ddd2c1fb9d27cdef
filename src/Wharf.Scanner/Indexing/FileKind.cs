namespace Wharf.Scanner.Indexing;

/// <summary>What a file may say, told by its path or its first bytes.</summary>
internal enum FileKind
{
    None,
    OsRelease,
    LsbRelease,
    AlpineRelease,
    RedHatRelease,
    DebianVersion,
    DpkgStatus,
    DpkgFileList,
    DpkgSums,
    ApkInstalled,
    RpmSqlite,
    RpmNdb,
    RpmBerkeley,
    ContentManifest,
    BuildDockerfile,
    PythonMetadata,
    NpmPackage,
    Gemspec,
    DotnetDeps,
    ComposerInstalled,
    BitnamiSpdx,
    Sbom,
    Archive,
    Executable,
}
