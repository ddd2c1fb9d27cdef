namespace Wharf.Scanner.Matching;

/// <summary>When distributions leave the support that everybody gets, extended free one included (Debian LTS): as their publishers announced by November 2026.</summary>
public static class DistroSupport
{
    private static readonly Dictionary<string, DateOnly> s_ends = new(StringComparer.Ordinal)
    {
        ["debian:7"] = new(2018, 5, 31),
        ["debian:8"] = new(2020, 6, 30),
        ["debian:9"] = new(2022, 6, 30),
        ["debian:10"] = new(2024, 6, 30),
        ["debian:11"] = new(2026, 8, 31),
        ["debian:12"] = new(2028, 6, 30),
        ["debian:13"] = new(2030, 6, 30),
        ["ubuntu:14.04"] = new(2019, 4, 25),
        ["ubuntu:16.04"] = new(2021, 4, 30),
        ["ubuntu:18.04"] = new(2023, 5, 31),
        ["ubuntu:20.04"] = new(2025, 5, 31),
        ["ubuntu:22.04"] = new(2027, 6, 1),
        ["ubuntu:23.04"] = new(2024, 1, 25),
        ["ubuntu:23.10"] = new(2024, 7, 11),
        ["ubuntu:24.10"] = new(2025, 7, 10),
        ["ubuntu:25.04"] = new(2026, 1, 15),
        ["alpine:3.3"] = new(2017, 11, 1),
        ["alpine:3.4"] = new(2018, 5, 1),
        ["alpine:3.5"] = new(2018, 11, 1),
        ["alpine:3.6"] = new(2019, 5, 1),
        ["alpine:3.7"] = new(2019, 11, 1),
        ["alpine:3.8"] = new(2020, 5, 1),
        ["alpine:3.9"] = new(2020, 11, 1),
        ["alpine:3.10"] = new(2021, 5, 1),
        ["alpine:3.11"] = new(2021, 11, 1),
        ["alpine:3.12"] = new(2022, 5, 1),
        ["alpine:3.13"] = new(2022, 11, 1),
        ["alpine:3.14"] = new(2023, 5, 1),
        ["alpine:3.15"] = new(2023, 11, 1),
        ["alpine:3.16"] = new(2024, 5, 23),
        ["alpine:3.17"] = new(2024, 11, 22),
        ["alpine:3.18"] = new(2025, 5, 9),
        ["alpine:3.19"] = new(2025, 11, 1),
        ["alpine:3.20"] = new(2026, 4, 1),
        ["alpine:3.21"] = new(2026, 11, 1),
        ["alpine:3.22"] = new(2027, 5, 1),
        ["centos:6"] = new(2020, 11, 30),
        ["centos:7"] = new(2024, 6, 30),
        ["centos:8"] = new(2021, 12, 31),
        ["rhel:6"] = new(2020, 11, 30),
        ["rhel:7"] = new(2024, 6, 30),
        ["rhel:8"] = new(2029, 5, 31),
        ["almalinux:8"] = new(2029, 3, 1),
        ["rocky:8"] = new(2029, 5, 31),
        ["ol:6"] = new(2021, 3, 31),
        ["ol:7"] = new(2024, 12, 31),
        ["sles:12.5"] = new(2024, 10, 31),
        ["sles:15.3"] = new(2022, 12, 31),
        ["sles:15.4"] = new(2023, 12, 31),
        ["sles:15.5"] = new(2024, 12, 31),
        ["sles:15.6"] = new(2025, 12, 31),
        ["opensuse-leap:15.3"] = new(2022, 12, 31),
        ["opensuse-leap:15.4"] = new(2023, 12, 7),
        ["opensuse-leap:15.5"] = new(2024, 12, 31),
        ["opensuse-leap:15.6"] = new(2026, 4, 30),
        ["amzn:1"] = new(2023, 12, 31),
        ["amzn:2018"] = new(2023, 12, 31),
        ["amzn:2"] = new(2026, 6, 30),
        ["mariner:1"] = new(2023, 7, 31),
        ["mariner:2"] = new(2025, 7, 31),
        ["photon:3"] = new(2024, 3, 1),
    };

    /// <summary>The day on which support ended, when it is past; null while it lasts or when it is not known.</summary>
    public static DateOnly? EndOf(Distro distro, DateOnly? today = null)
    {
        var release = distro.Id switch
        {
            "ubuntu" or "sles" or "opensuse-leap" => distro.Version,
            "alpine" => distro.Version.Split('.') is [var major, var minor, ..] ? $"{major}.{minor}" : distro.Version,
            _ => distro.Major,
        };
        return s_ends.TryGetValue($"{distro.Id}:{release}", out var end) && end < (today ?? DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime)) ? end : null;
    }
}
