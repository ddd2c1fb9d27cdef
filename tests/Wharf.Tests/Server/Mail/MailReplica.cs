namespace Wharf.Tests.Server.Mail;

/// <summary>One of several servers on one PostgreSQL database and one key ring, that send mail.</summary>
public sealed class MailReplica(string database, string shared, MailServer mail) : Registry
{
    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(mail.Settings)
    {
        ["Database"] = database,
        ["Storage:Directory"] = Path.Join(shared, "storage"),
        ["Keys:File"] = Path.Join(shared, "keys.json"),
        ["Auth:PasswordRounds"] = "1000",
        ["Auth:LoginBurst"] = "1000",
        ["Accounts:UserCreation"] = "true",
    };
}
