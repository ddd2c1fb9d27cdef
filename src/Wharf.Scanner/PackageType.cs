namespace Wharf.Scanner;

/// <summary>What a package is of: how it is named, how its versions compare, and which feeds speak of it.</summary>
public enum PackageType
{
    Deb,
    Rpm,
    Apk,
    Npm,
    PyPI,
    Maven,
    Gem,
    NuGet,
    Cargo,
    Composer,
    Go,
    Bitnami,
    /// <summary>Named by an SBOM and of a type that no feed speaks of.</summary>
    Other,
}
