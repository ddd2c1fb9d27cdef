namespace Wharf.Tests.Server.Access;

/// <summary>A registry whose settings name a superuser and a global read-only superuser, and which frees the names of what is deleted.</summary>
public sealed class AuthorizationRegistry : UserRegistry
{
    public const string GlobalReader = "auditor";
    public const string Superuser = "rooty";

    /// <summary>The callers and the organization as they are now; made at the first use.</summary>
    internal World? World { get; set; }

    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(base.Settings)
    {
        ["Accounts:GlobalReadOnlySuperusers:0"] = GlobalReader,
        ["Accounts:Superusers:0"] = Superuser,
        ["Accounts:FreeNamesAtOnce"] = "true",
        ["Accounts:UserCreation"] = "true",
        ["Accounts:ConfirmEmail"] = "false",
        // Mail is written, and waits for a server that there is not.
        ["Server:PublicUrl"] = "https://registry.example.test",
        ["Mail:Server"] = "127.0.0.1",
        ["Mail:Port"] = "9",
        ["Mail:Security"] = "none",
        ["Mail:From"] = "registry@example.test",
    };
}
