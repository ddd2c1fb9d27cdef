namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>SUSE's feeds name products as people do, images by ID and VERSION_ID of os-release.</summary>
internal static class SusePlatform
{
    private const string Enterprise = "SUSE Linux Enterprise ";

    /// <summary>
    /// The ecosystem of <c>SUSE Linux Enterprise Server 15 SP3</c> or <c>openSUSE Leap 15.5</c>; null for what no image is of. Server, Desktop and the modules
    /// that their packages come in are one release of one set of packages, and so is its long term support (<c>15 SP1-LTSS</c>): who has not got its fix is
    /// affected.
    /// </summary>
    public static string? Ecosystem(string platform)
    {
        var words = platform.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var at = Array.FindIndex(words, static w => char.IsAsciiDigit(w[0]));
        var product = string.Join(' ', words[..(at < 0 ? words.Length : at)]);
        var release = at < 0 ? "" : words[at].Split('-')[0];
        if (at >= 0 && at + 1 < words.Length && words[at + 1].StartsWith("SP", StringComparison.Ordinal))
            release += "." + words[at + 1][2..].Split('-')[0];

        var id = product switch
        {
            "openSUSE Leap" => "opensuse-leap",
            "openSUSE Leap Micro" => "opensuse-leap-micro",
            "openSUSE Tumbleweed" => "opensuse-tumbleweed",
            "SUSE Linux Micro" => "sl-micro",
            Enterprise + "Micro" => "sle-micro",
            _ when product.StartsWith(Enterprise, StringComparison.Ordinal) => "sles",
            _ => null,
        };
        return id is not null && (release.Length > 0 || id == "opensuse-tumbleweed") ? Feeds.Ecosystem.Suse(id, release) : null;
    }
}
