using Wharf.Tests.Server.Access;

namespace Wharf.Tests.Server.Attacks;

/// <summary>Writes everything to its log, also what the framework says, and each request.</summary>
public sealed class CanaryRegistry : UserRegistry
{
    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(base.Settings)
    {
        ["Logging:Level"] = "Trace",
        ["Logging:AccessLog"] = "true",
        ["Auth:LoginBurst"] = "1000",
        ["Accounts:GlobalReadOnlySuperusers:0"] = AuthorizationRegistry.GlobalReader,
        ["Accounts:Superusers:0"] = AuthorizationRegistry.Superuser,
        ["Accounts:UserCreation"] = "true",
    };
}
