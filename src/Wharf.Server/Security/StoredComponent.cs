using System.Security.Cryptography;
using System.Text;
using Wharf.Scanner;
using Wharf.Scanner.Indexing;
using Wharf.Scanner.Matching;

namespace Wharf.Server.Security;

/// <summary>A package with all that matching depends on: the same in any number of images.</summary>
internal sealed record StoredComponent(Package Package, Distro? Distro, IReadOnlyList<string> Repositories, bool IsOwned)
{
    /// <summary>What of an image's component matters to feeds.</summary>
    public static StoredComponent Of(Component component, Inventory inventory)
    {
        var isDistro = component.Package.Type is PackageType.Deb or PackageType.Rpm or PackageType.Apk;
        var isOwned = component.OwnedBy is not null;
        return new(component.Package, isDistro || isOwned ? (component.Distro ?? inventory.Distro) is { } d ? d with { Name = null } : null : null,
            component.Package.Type == PackageType.Rpm ? inventory.Repositories : [], isOwned);
    }

    /// <summary>SHA-256 over everything.</summary>
    public byte[] Identity()
    {
        var text = new StringBuilder();
        foreach (var part in (string?[])[Package.Type.ToString(), Package.Name, Package.Version, Package.Source, Package.SourceVersion, Package.Arch, Package.Module, Distro?.Id, Distro?.Version, IsOwned ? "owned" : null, .. Repositories])
            text.Append(part is null ? "-" : "+").Append(part).Append('\n');
        return SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()));
    }

    /// <summary>As an image that has nothing else.</summary>
    public Inventory ToInventory() => new() { Distro = Distro, Repositories = Repositories, Components = [new Component { Package = Package, OwnedBy = IsOwned ? "" : null }] };

    /// <summary>Under which names feeds speak of it; and Red Hat's content sets, which decide what is meant.</summary>
    public IEnumerable<(string Ecosystem, string Name)> Names() =>
        [.. Lookup.Of(Package, Distro).Select(static l => (l.Ecosystem, l.Name)).Distinct()];
}
