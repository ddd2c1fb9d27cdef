namespace Wharf.Scanner;

/// <summary>The distribution of an image (os-release).</summary>
/// <param name="Id">ID of os-release, lower case: debian, ubuntu, alpine, rhel, almalinux, rocky, amzn, sles, opensuse-leap, ol, photon, mariner, azurelinux, wolfi, chainguard ...</param>
/// <param name="Version">VERSION_ID, or empty for a rolling distribution.</param>
/// <param name="Name">PRETTY_NAME, or what stands for it.</param>
public sealed record Distro(string Id, string Version, string? Name = null)
{
    /// <summary>The part of the version before the first dot.</summary>
    public string Major => Version.Split('.', 2)[0];

    public override string ToString() => Version.Length == 0 ? Id : $"{Id} {Version}";
}
