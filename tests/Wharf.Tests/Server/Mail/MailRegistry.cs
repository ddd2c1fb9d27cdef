namespace Wharf.Tests.Server.Mail;

/// <summary>A registry that sends mail, with the server that takes it; people make their own accounts here, and are asked before they are in a team.</summary>
public class MailRegistry : UserRegistry
{
    public MailServer Mail { get; } = new();

    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>([.. base.Settings, .. Mail.Settings])
    {
        ["Accounts:UserCreation"] = "true",
        ["Accounts:RequireTeamInvite"] = "true",
        ["Auth:LoginBurst"] = "1000",
        ["Logging:Level"] = "Trace",
        ["Logging:AccessLog"] = "true",
    };

    public override async ValueTask InitializeAsync()
    {
        await Mail.StartAsync();
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await Mail.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
