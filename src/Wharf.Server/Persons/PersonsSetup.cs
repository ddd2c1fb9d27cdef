using Wharf.Server.Hosting.Admin;

namespace Wharf.Server.Persons;

internal static class PersonsSetup
{
    public static void AddPersons(this WebApplicationBuilder builder) => builder.Services.AddSingleton<PersonStore>().AddSingleton<PersonExport>().AddSingleton<PersonErasure>()
        .AddSingleton(new AdminCommand("person.export", static (services, arguments, ct) => services.GetRequiredService<PersonExport>().RunAsync(
            arguments.GetProperty("name").GetString() ?? "", arguments.GetProperty("directory").GetString() ?? "", ct)))
        .AddSingleton(new AdminCommand("person.erase", static (services, arguments, ct) => services.GetRequiredService<PersonErasure>().RunAsync(
            arguments.GetProperty("name").GetString() ?? "", arguments.GetProperty("with_repositories").GetBoolean(), ct)));
}
