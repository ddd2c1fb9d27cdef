namespace Wharf.Server.ApiDocs;

/// <summary>What the parts of the API are for, by the slices that have them.</summary>
internal static class Tags
{
    private static readonly Dictionary<string, string> s_meanings = new(StringComparer.Ordinal)
    {
        ["AccessReview"] = "Who has access to what, by whom, since when, and whether it is used.",
        ["Accounts"] = "Signing in, the own account, and what the registry says of itself.",
        ["ApiDocs"] = "Descriptions of this API.",
        ["AppTokens"] = "Passwords for programs.",
        ["Audit"] = "Who did what: logs of repositories, organizations, people and the registry.",
        ["Auth"] = "Why somebody may or may not do something.",
        ["Distribution"] = "Pushing and pulling: the OCI distribution API and its token service.",
        ["GarbageCollection"] = "What keeps content alive, when it goes, and leases on digests.",
        ["Holds"] = "Legal holds: what nobody may let go.",
        ["Immutability"] = "Tags that cannot be changed, and the policies that make them so.",
        ["Live"] = "What happens, told at once.",
        ["Manifests"] = "What is in a manifest, and what is different in another.",
        ["Messages"] = "What superusers have to say to everybody.",
        ["OAuth"] = "Applications that act for people, and the tokens with which they do.",
        ["Organizations"] = "Organizations, their teams, members and default permissions.",
        ["Pruning"] = "Policies that end tags, and what they would do.",
        ["Quota"] = "How much namespaces may hold, and what they do.",
        ["PullStatistics"] = "How often and when last something was pulled.",
        ["Repositories"] = "Repositories, the grants on them, and stars.",
        ["Robots"] = "Accounts of machines.",
        ["Scrub"] = "Whether what is stored is still what it was.",
        ["Search"] = "Finding names and repositories.",
        ["Security"] = "What is vulnerable: of an image, a repository, an organization, and everywhere by name.",
        ["ServiceKeys"] = "Public keys of services that sign what they say to the registry.",
        ["Tags"] = "Tags with their history, and labels of manifests.",
        ["Superuser"] = "What superusers see and do.",
        ["TimeMachine"] = "Repositories as they were, and the way back.",
    };

    public static string Meaning(string tag) => s_meanings.TryGetValue(tag, out var meaning) ? meaning : "";
}
