using Wharf.Scanner.Indexing;

namespace Wharf.Scanner.Reports;

/// <param name="Type">As package URLs name it.</param>
/// <param name="Source">Of a distribution's package, its own name when it is named as its source; null for all others.</param>
internal sealed record JsonPackage(string Purl, string Name, string Version, string Type, string? Source, string? SourceVersion, IReadOnlyList<string> Locations)
{
    public static JsonPackage Of(Component component, Distro? distro)
    {
        var package = component.Package;
        var ofDistro = Sboms.Purl.IsOfDistro(package.Type);
        return new JsonPackage(
            Sboms.Purl.Of(component, distro), package.Name, package.Version, Sboms.Purl.TypeName(package.Type),
            package.Source ?? (ofDistro ? package.Name : null), package.SourceVersion ?? (ofDistro ? package.Version : null), component.Locations);
    }
}
