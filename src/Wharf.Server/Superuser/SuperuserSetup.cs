namespace Wharf.Server.Superuser;

internal static class SuperuserSetup
{
    public static void AddSuperuser(this WebApplicationBuilder builder) => builder.Services.AddSingleton<SuperuserStore>().AddSingleton<RegistrySizeStore>().AddSingleton<StorageReport>()
        .AddHostedService<RegistrySizeWorker>();
}
