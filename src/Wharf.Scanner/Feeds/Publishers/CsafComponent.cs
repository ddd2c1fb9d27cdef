namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>An rpm of one of Red Hat's products.</summary>
internal sealed record CsafComponent(RpmPurl Rpm, string Cpe)
{
    // What a layered product (OpenShift, Satellite) without an elN in its CPE may stand on; each one's images name the product's own CPE.
    private static readonly string[] s_anyMajor = ["7", "8", "9", "10"];

    public bool IsSource => Rpm.Arch is "src" or "nosrc";

    /// <summary>Debugging files are no code that runs, and are two fifths of all rpms.</summary>
    public bool IsDebug => Rpm.Name.EndsWith("-debuginfo", StringComparison.Ordinal) || Rpm.Name.EndsWith("-debugsource", StringComparison.Ordinal);

    /// <summary>Whether it is of RHEL or of a support stream of RHEL, and not of a product that is installed beside it.</summary>
    private bool IsOfRhel => Matching.RedHatProducts.IsOfRhel(Product);

    /// <summary>Of what is sold for a release of RHEL after its life: its fixes are no fixes for who has not bought it.</summary>
    public bool IsExtendedLife => Product == "rhel_els";

    /// <summary>
    /// The CPE that an image must have a repository of. What is of all of a release of RHEL (<c>cpe:/o:redhat:enterprise_linux:9</c>, with which all is
    /// named that is not fixed) is for each image of that release.
    /// </summary>
    public string? Scope => Parts is [_, _, _, "enterprise_linux", _] ? null : Cpe;

    /// <summary>In RHEL what is of no module is written so by its absence; other products leave the label out.</summary>
    public string? Module => Rpm.Module ?? (IsOfRhel ? "" : null);

    /// <summary>The major releases of RHEL that it is for.</summary>
    public IReadOnlyList<string> Majors
    {
        get
        {
            if (MajorOf(Cpe, ":el") is { } named)
                return [named];
            if (IsOfRhel && Parts.ElementAtOrDefault(4)?.Split('.')[0] is { Length: 1 or 2 } major && major.All(char.IsAsciiDigit))
                return [major];
            return Rpm.Version is { } version && MajorOf(version, ".el") is { } built ? [built] : s_anyMajor;
        }
    }

    private string[] Parts => Cpe.Split(':');

    private string? Product => Parts.ElementAtOrDefault(3);

    // 8 of :el8, of .el8_6 and of .el8sat; 10 of .el10_1
    private static string? MajorOf(string text, string mark)
    {
        var at = text.IndexOf(mark, StringComparison.Ordinal);
        if (at < 0)
            return null;
        var end = at += mark.Length;
        while (end < text.Length && end < at + 2 && char.IsAsciiDigit(text[end]))
            end++;
        return end > at ? text[at..end] : null;
    }
}
