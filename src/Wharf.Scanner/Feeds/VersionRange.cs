namespace Wharf.Scanner.Feeds;

/// <summary>
/// Versions from <paramref name="Introduced"/> (null: from the first) up to but without <paramref name="Fixed"/>, or up to and with
/// <paramref name="LastAffected"/>; without either there is no fix.
/// </summary>
public readonly record struct VersionRange(string? Introduced, string? Fixed = null, string? LastAffected = null)
{
    public bool Holds(string version, IComparer<string> order) =>
        (Introduced is null || order.Compare(version, Introduced) >= 0)
        && (Fixed is null || order.Compare(version, Fixed) < 0)
        && (LastAffected is null || order.Compare(version, LastAffected) <= 0);

    /// <summary>As people read it: <c>&gt;= 1.2, &lt; 1.4</c>.</summary>
    public override string ToString() => (Introduced, Fixed, LastAffected) switch
    {
        (null, null, null) => "all versions",
        (null, { } f, _) => $"< {f}",
        (null, null, { } l) => $"<= {l}",
        ({ } i, null, null) => $">= {i}",
        ({ } i, { } f, _) => $">= {i}, < {f}",
        ({ } i, null, { } l) => $">= {i}, <= {l}",
    };
}
