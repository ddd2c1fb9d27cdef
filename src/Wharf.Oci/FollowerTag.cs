using System.Diagnostics.CodeAnalysis;

namespace Wharf.Oci;

/// <summary>
/// A tag that stands for what belongs to another manifest, its subject: the referrers of a registry without the referrers API
/// (<c>sha256-&lt;hex&gt;</c>, OCI distribution-spec 1.1.1, "Referrers Tag Schema") and cosign's signatures, attestations and SBOMs
/// (the same with <c>.sig</c>, <c>.att</c>, <c>.sbom</c>). Tools move it at every addition, so rules about names do not apply to it.
/// </summary>
public static class FollowerTag
{
    private static readonly string[] s_suffixes = ["", ".sig", ".att", ".sbom"];

    /// <summary>Whether the tag follows a subject, and which.</summary>
    public static bool TryParse([NotNullWhen(true)] string? tag, out Digest subject)
    {
        subject = default;
        if (tag is null || !(tag.StartsWith("sha256-", StringComparison.Ordinal) || tag.StartsWith("sha512-", StringComparison.Ordinal)))
            return false;
        var end = tag.IndexOf('.', StringComparison.Ordinal) is >= 0 and var dot ? dot : tag.Length;
        return Array.IndexOf(s_suffixes, tag[end..]) >= 0 && Digest.TryParse($"{tag[..6]}:{tag[7..end]}", out subject);
    }

    /// <summary>The tags that follow a manifest, whether there are such or not.</summary>
    public static IEnumerable<string> Of(Digest subject) => s_suffixes.Select(suffix => subject.ToString().Replace(':', '-') + suffix);
}
