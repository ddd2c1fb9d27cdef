namespace Wharf.Tests.Server.Limits;

/// <summary>A registry where everybody may send a few requests and then hardly any, behind a proxy that says where they come from.</summary>
public sealed class TightRegistry : Registry
{
    public const int Burst = 5, AddressBurst = 3;

    protected override IReadOnlyDictionary<string, string> Settings
    {
        get
        {
            var settings = new Dictionary<string, string> { ["Auth:PasswordRounds"] = "1000", ["Server:TrustedProxies"] = "127.0.0.1" };
            foreach (var kind in new[] { "RegistryReads", "RegistryWrites", "Tokens", "Api", "Search" })
            {
                settings[$"Limits:{kind}:PerSecond"] = settings[$"Limits:{kind}:AddressPerSecond"] = "0.01";
                settings[$"Limits:{kind}:Burst"] = Burst.ToString(System.Globalization.CultureInfo.InvariantCulture);
                settings[$"Limits:{kind}:AddressBurst"] = AddressBurst.ToString(System.Globalization.CultureInfo.InvariantCulture);
            }
            return settings;
        }
    }
}
