namespace Wharf.Scanner.Versions;

/// <summary>
/// The order of Maven's ComparableVersion (https://maven.apache.org/pom.html#version-order-specification, as Maven 3.8.7 does it). Every string has a place.
/// </summary>
/// <remarks>
/// Maven nests: a dash, and every change between digits and letters, opens a list in the list, and none closes before the end. So a version is a flat row
/// of parts, each of which knows whether a list opens before it. Maven's own order is not transitive for a word between dots after a zero
/// (<c>1-sp</c>, <c>1.0.alpha.1</c>, <c>1</c>, <c>1-sp</c> rise in a circle) nor for one after several dashes; here such words have one place.
/// </remarks>
internal sealed class MavenVersions : IComparer<string>
{
    public static readonly MavenVersions Instance = new();

    public int Compare(string? x, string? y)
    {
        var (a, b) = (MavenPart.Parse(x ?? ""), MavenPart.Parse(y ?? ""));
        for (var i = 0; i < a.Count && i < b.Count; i++)
        {
            var order = a[i].CompareTo(b[i]);
            if (order != 0)
                return order;
        }
        return a.Count > b.Count ? a[b.Count].CompareToEnd()
            : a.Count < b.Count ? -b[a.Count].CompareToEnd()
            : 0;
    }
}
