using Wharf.Oci;

namespace Wharf.Server.Immutability;

/// <summary>The policies that a repository has from itself and from its namespace, as of a version.</summary>
internal sealed record Policies(long Version, IReadOnlyList<(TagPattern Pattern, bool Matches)> All)
{
    /// <summary>Whether a tag of this name is immutable. What follows another manifest is not: tools move it with each signature.</summary>
    public bool Protect(string tag)
    {
        if (All.Count == 0 || FollowerTag.TryParse(tag, out _))
            return false;
        var spent = TimeSpan.Zero;
        foreach (var (pattern, matches) in All)
            if (pattern.Matches(tag, ref spent) == matches)
                return true;
        return false;
    }
}
