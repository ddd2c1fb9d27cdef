namespace Wharf.Server.ApiDocs;

/// <summary>What the parameters in paths stand for. One name means one thing everywhere.</summary>
internal static class ParameterNames
{
    private static readonly Dictionary<string, string> s_meanings = new(StringComparer.Ordinal)
    {
        ["access_token_uuid"] = "The id of a token, as its list has it.",
        ["assigned_authorization_uuid"] = "The id of an assigned token, as its list has it.",
        ["client_id"] = "The client_id of an application.",
        ["code"] = "The code of the invitation or token.",
        ["digest"] = "A digest, such as sha256: and 64 hexadecimal digits.",
        ["email"] = "An e-mail address.",
        ["error_type"] = "The error_type of an error.",
        ["format"] = "The client that the file is for.",
        ["hold_id"] = "The id of a hold, as its list has it.",
        ["id"] = "The id of the upload.",
        ["kid"] = "The id of a service's key.",
        ["labelid"] = "The id of a label, as its list has it.",
        ["lease_id"] = "The id of a lease, as its list has it.",
        ["limit_id"] = "The id of a threshold, as its quota has it.",
        ["manifestref"] = "The digest of a manifest; where the operation says so, also a tag.",
        ["membername"] = "The name of a user or robot.",
        ["name"] = "The name of an organization.",
        ["namespace"] = "The name of a user or organization.",
        ["orgname"] = "The name of an organization.",
        ["policy_uuid"] = "The id of a policy, as its list has it.",
        ["prefix"] = "What the names begin with.",
        ["prototypeid"] = "The id of a default permission.",
        ["quota_id"] = "The id of a quota, as its list has it.",
        ["reference"] = "A tag or a digest.",
        ["repository"] = "The name of a repository, namespace/name, with its slashes as they are.",
        ["robot"] = "The short name of a robot, without its owner's.",
        ["session"] = "The id of a session.",
        ["tag"] = "The name of a tag.",
        ["teamname"] = "The name of a team.",
        ["token_uuid"] = "The id of a token, as its list has it.",
        ["username"] = "The name of a user, or where it fits of a robot.",
        ["uuid"] = "The id of it, as its list has it.",
    };

    public static string Meaning(string name) => s_meanings.TryGetValue(name, out var meaning) ? meaning : "";

    /// <summary>Whether it is a number in answers, so that it is one in paths.</summary>
    public static bool IsNumber(string name) => name is "limit_id" or "quota_id";

    public static bool IsKnown(string name) => s_meanings.ContainsKey(name);
}
