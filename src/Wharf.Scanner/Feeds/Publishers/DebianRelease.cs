namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>Debian's feeds name releases by their code names, its images by numbers.</summary>
internal static class DebianRelease
{
    /// <summary>
    /// The ecosystem of a release. One without a number yet keeps its code name, as <c>sid</c> always does.
    /// https://www.debian.org/releases/, https://wiki.debian.org/DebianReleases
    /// </summary>
    public static string Ecosystem(string codename) => Feeds.Ecosystem.Debian(codename switch
    {
        "woody" => "3.0",
        "sarge" => "3.1",
        "etch" => "4",
        "lenny" => "5",
        "squeeze" => "6",
        "wheezy" => "7",
        "jessie" => "8",
        "stretch" => "9",
        "buster" => "10",
        "bullseye" => "11",
        "bookworm" => "12",
        "trixie" => "13",
        "forky" => "14",
        "duke" => "15",
        _ => codename,
    });
}
